import { expect, test } from "bun:test"
import { headerText } from "../../src/http/header-text.ts"

/** What `Headers` makes of these bytes. */
const asReceived = (bytes: readonly number[]): string => String.fromCharCode(...bytes)

test("ASCII stays as it is", () => {
  expect(headerText("abc-123 ~")).toBe("abc-123 ~")
  expect(headerText("")).toBe("")
})

test("UTF-8 bytes become the text they spell", () => {
  expect(headerText(asReceived([0xc3, 0xa9, 0x20, 0xf0, 0x9f, 0x99, 0x82]))).toBe("é 🙂")
})

test("a byte order mark is kept, because it is part of the value", () => {
  expect(headerText(asReceived([0xef, 0xbb, 0xbf, 0x61]))).toBe("\ufeffa")
})

test("bytes that are not UTF-8 are no text", () => {
  for (const bytes of [[0xe9], [0xc3], [0xff, 0x80], [0xed, 0xa0, 0x80], [0xc0, 0xaf]]) {
    expect(headerText(asReceived(bytes))).toBeUndefined()
  }
})
