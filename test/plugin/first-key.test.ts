import { expect, test } from "bun:test"
import { exampleMessage } from "../../src/conformance/example-message.ts"
import { InvalidKey } from "../../src/core/key.ts"
import { firstKey } from "../../src/plugin/first-key.ts"

const text = (key: Uint8Array | undefined) => key && Buffer.from(key).toString()
const message = exampleMessage({})

test("the first extractor that yields a key decides, and later ones are not asked", () => {
  const asked: string[] = []
  const extractor = (name: string, value: string | undefined) => () => {
    asked.push(name)
    return value
  }
  const find = firstKey([
    extractor("none", undefined),
    extractor("empty", ""),
    extractor("some", "key"),
    extractor("late", "other"),
  ])
  expect(text(find(message))).toBe("key")
  expect(asked).toEqual(["none", "empty", "some"])
})

test("a number, a 64-bit integer and a text with the same digits are one key", () => {
  for (const value of [42, 42n, "42", new TextEncoder().encode("42")]) {
    expect(text(firstKey([() => value])(message))).toBe("42")
  }
  expect(text(firstKey([() => false])(message))).toBe("false")
  expect(text(firstKey([() => 0])(message))).toBe("0")
})

test("no extractor, or none that yields a key, is no key", () => {
  expect(firstKey([])(message)).toBeUndefined()
  expect(firstKey([() => undefined, () => null as never])(message)).toBeUndefined()
})

test("what an extractor throws is not passed over: the next one is not asked", () => {
  const broken = () => {
    throw new InvalidKey("broken")
  }
  expect(() => firstKey([broken, () => "second"])(message)).toThrow(InvalidKey)
  expect(() => firstKey([() => Number.NaN, () => "second"])(message)).toThrow(InvalidKey)
})
