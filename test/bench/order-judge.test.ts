import { describe, expect, test } from "bun:test"
import { orderJudge } from "../../bench/order-judge.ts"
import { baseWorkload, messagesOf, placeOf } from "../../bench/workload.ts"

const messages = messagesOf({ ...baseWorkload, warmUp: 0, messages: 4_096 })
/** The n-th message of the first key: the 1,024 keys take turns. */
const nth = (n: number) => n * 1_024

describe("the judge of a run", () => {
  test("has nothing against each message once, in order, in one partition a key", () => {
    const judge = orderJudge(0, messages, (key) => key.length)
    for (let n = 0; n < messages.count; n++) {
      expect(judge(messages.key(n).length, n)).toBeUndefined()
    }
  })

  test("sees one that comes twice", () => {
    const judge = orderJudge(0, messages)
    judge(3, nth(0))
    expect(judge(3, nth(0))).toBe("message 0 of customer-0 in group 0 came twice")
  })

  test("sees one that comes after a later one of its key", () => {
    const judge = orderJudge(0, messages)
    judge(3, nth(2))
    expect(judge(3, nth(1))).toContain("came after message 2048")
  })

  test("sees a key in two partitions, and in one where it does not belong", () => {
    const anywhere = orderJudge(0, messages)
    anywhere(3, nth(0))
    expect(anywhere(4, nth(1))).toContain("is in a second partition, 4")
    const placed = orderJudge(0, messages, () => 5)
    expect(placed(3, nth(0))).toContain("is in partition 3, not 5")
  })

  test("sees one that was never sent", () => {
    expect(orderJudge(0, messages)(0, messages.count)).toBe("message 4096 was never sent")
  })
})

describe("the messages of a run", () => {
  test("are as long as asked for, and say which they are", () => {
    for (const bodyBytes of [100, 300, 20_480]) {
      const sized = messagesOf({ ...baseWorkload, bodyBytes })
      const body = sized.body(34_999)
      expect(body.length).toBe(bodyBytes)
      expect(JSON.parse(body)).toMatchObject({ n: 34_999, customer: { id: sized.key(34_999) } })
      expect(placeOf(new TextEncoder().encode(body))).toBe(34_999)
    }
  })

  test("are spread as asked for", () => {
    const share = (spread: "even" | "skewed" | "single") => {
      const spreadOut = messagesOf({ ...baseWorkload, spread })
      const first = Array.from({ length: spreadOut.count }, (_, n) => spreadOut.keyIndex(n))
      return first.filter((index) => index === 0).length / spreadOut.count
    }
    expect(share("even")).toBeCloseTo(1 / 1_024, 3)
    expect(share("skewed")).toBeCloseTo(1 / 7.5, 2)
    expect(share("single")).toBe(1)
  })
})
