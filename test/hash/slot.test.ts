import { expect, test } from "bun:test"
import { slotOf } from "../../src/hash/slot.ts"

test("a slot is the upper bits of the key's xxHash32", () => {
  const abc = new TextEncoder().encode("abc")
  expect(slotOf(abc, 32)).toBe(0x32d153ff)
  expect(slotOf(abc, 16)).toBe(0x32d1)
  expect(slotOf(abc, 4)).toBe(3)
})
