import { describe, expect, test } from "bun:test"
import { InvalidKey, keyBytes } from "../../src/core/key.ts"

const hex = (value: unknown) => {
  const bytes = keyBytes(value)
  return bytes && Buffer.from(bytes).toString("hex")
}
const text = (value: unknown) => {
  const bytes = keyBytes(value)
  return bytes && new TextDecoder().decode(bytes)
}

describe("canonical key bytes", () => {
  const canonical: readonly (readonly [value: unknown, text: string])[] = [
    ["customer-42", "customer-42"],
    [42, "42"],
    [42n, "42"],
    ["42", "42"],
    [-7, "-7"],
    [-0, "0"],
    [0n, "0"],
    [1.5, "1.5"],
    [0.1, "0.1"],
    [1e20, "100000000000000000000"],
    [10n ** 20n, "100000000000000000000"],
    [1e21, "1e+21"],
    [1e-7, "1e-7"],
    [9007199254740993n, "9007199254740993"],
    [-(2n ** 63n), "-9223372036854775808"],
    [true, "true"],
    [false, "false"],
    [" ", " "],
    ["\0", "\0"],
  ]
  for (const [value, expected] of canonical) {
    test(`of the ${typeof value} ${Object.is(value, -0) ? "-0" : String(value)}`, () => {
      expect(text(value)).toBe(expected)
    })
  }

  test("are UTF-8, with a replacement for half a surrogate pair", () => {
    expect(hex("é😀")).toBe("c3a9f09f9880")
    expect(hex("\ud800")).toBe("efbfbd")
    expect(hex("\udc00x")).toBe("efbfbd78")
    expect(hex("\ufeffa")).toBe("efbbbf61")
  })

  test("do not normalise: two spellings of one letter are two keys", () => {
    expect(hex("\u00e9")).not.toBe(hex("e\u0301"))
  })

  test("are the bytes themselves where bytes are given", () => {
    expect(hex(Uint8Array.of(0, 255, 128))).toBe("00ff80")
    expect(hex(Buffer.from("6b", "hex"))).toBe("6b")
  })

  test("are none for what is empty", () => {
    expect(keyBytes("")).toBeUndefined()
    expect(keyBytes(new Uint8Array(0))).toBeUndefined()
  })
})

describe("a value that is no key", () => {
  const values = [Number.NaN, 1 / 0, -1 / 0, null, undefined, {}, [], ["a"], new Date(0), () => "k"]
  for (const value of [...values, Symbol("s")]) {
    test(`is refused: ${typeof value === "symbol" ? "symbol" : Bun.inspect(value)}`, () => {
      expect(() => keyBytes(value)).toThrow(InvalidKey)
    })
  }

  test("is described without being quoted", () => {
    expect(() => keyBytes(["secret"])).toThrow("the key is an array; a key is a string")
    expect(() => keyBytes({ secret: 1 })).toThrow("the key is of type object")
    expect(() => keyBytes(null)).toThrow("the key is null")
  })
})
