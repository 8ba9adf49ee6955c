import { dirname } from "node:path"
import { plugin } from "bun"
// Imported before it is provided: afterwards "valibot" means what is provided, here too.
import * as valibot from "valibot"
import { installedFolder } from "./locate-plugin.ts"

const provided = new Set<string>()

/**
 * Lets a plugin file that lies outside every project import "partymq" and "valibot". "partymq" is
 * always this process's own. "valibot" is the plugin's own where one is installed for it; where
 * not, ours is provided, and from then on to every plugin loaded later (Bun cannot tell importers
 * apart).
 */
export function providePackages(pluginFile: string): void {
  provide("partymq", () => import("../index.ts"))
  if (installedFolder("valibot", dirname(pluginFile)) === undefined) {
    provide("valibot", async () => valibot)
  }
}

function provide(name: string, load: () => Promise<Record<string, unknown>>): void {
  if (provided.has(name)) return
  provided.add(name)
  // Not imported at the top: the public API may import what loads plugins.
  plugin({
    name: `provide ${name}`,
    setup: (build) => {
      build.module(name, async () => ({ loader: "object", exports: await load() }))
    },
  })
}
