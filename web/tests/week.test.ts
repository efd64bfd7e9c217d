/** Weeks: what the file says is drawn and read back the same. */

import { describe, expect, it } from "vitest";
import { blocksOf, byDay, daysOf, readBlocks, weeklyOf } from "~/pages/times/week";

describe("a week", () => {
  it("reads days and ranges, also over Sunday", () => {
    expect(daysOf("mo-th")).toEqual([0, 1, 2, 3]);
    expect(daysOf("sa-mo")).toEqual([0, 5, 6]);
    expect(daysOf("mo,we,fr")).toEqual([0, 2, 4]);
  });

  it("splits what goes over midnight, Sunday night into Monday", () => {
    expect(blocksOf({ su: ["22:00-06:00"] })).toEqual([
      { day: 0, from: 0, to: 360 },
      { day: 6, from: 1320, to: 1440 },
    ]);
  });

  it("writes the shortest form that says the same", () => {
    const weekly = { "mo-th": ["08:00-17:00"], fr: ["08:00-15:00"] };
    expect(weeklyOf(byDay(weekly))).toEqual(weekly);
    expect(weeklyOf(byDay({ "mo,we": ["09:00-12:00", "13:00-17:00"] }))).toEqual({
      "mo,we": ["09:00-12:00", "13:00-17:00"],
    });
  });

  it("understands what people type", () => {
    expect(readBlocks("8-17")).toEqual(["08:00-17:00"]);
    expect(readBlocks("8:00–12:00, 13–17:30")).toEqual(["08:00-12:00", "13:00-17:30"]);
    expect(readBlocks("")).toEqual([]);
    expect(readBlocks("morgens")).toBeNull();
    expect(readBlocks("25-26")).toBeNull();
  });
});
