import type { GenericSchema } from "valibot"
import type { PartitionerPlugin } from "../plugin/contract.ts"
import { balanceChecks } from "./balance-checks.ts"
import type { Check } from "./check.ts"
import { movementChecks } from "./movement-checks.ts"
import { optionChecks } from "./option-checks.ts"
import { partitionerSubject } from "./partitioner-subject.ts"
import { placementChecks } from "./placement-checks.ts"

export interface PartitionerCheckSettings {
  /** As they would stand beside `use`. @default {} */
  readonly options?: Readonly<Record<string, unknown>>
  /** Options that the plugin must refuse. @default [] */
  readonly refusedOptions?: readonly Readonly<Record<string, unknown>>[]
}

/** Every promise that a partitioner makes in its `guarantees`, and those that all of them make. */
export function partitionerChecks<Options>(
  plugin: PartitionerPlugin<Options>,
  { options = {}, refusedOptions = [] }: PartitionerCheckSettings = {},
): readonly Check[] {
  const subject = partitionerSubject(plugin, options)
  return [
    ...optionChecks(plugin as { name: string; options?: GenericSchema }, options, refusedOptions),
    ...placementChecks(subject),
    ...balanceChecks(subject),
    ...movementChecks(subject),
  ]
}
