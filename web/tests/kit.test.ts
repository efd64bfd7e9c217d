/** Small things that everything stands on: folding, ids, numbers, patches, sentences. */

import { describe, expect, it } from "vitest";
import { inverse, merged, tree } from "~/kit/deep";
import { fold } from "~/kit/fold";
import { idFrom, nextExtension } from "~/kit/ids";
import { phone } from "~/kit/phone";
import { gaps } from "~/kit/sentence";
import { free, numbersOf } from "~/pages/numbers/rows";
import { placeOf } from "~/pages/why/settings";

describe("kit", () => {
  it("finds Müller by muller and Groß by gross", () => {
    expect(fold("Müller")).toBe("muller");
    expect(fold("Groß")).toBe("gross");
  });

  it("makes ids that are free", () => {
    expect(idFrom("Jörg Müller-Lüdenscheidt", new Set())).toBe("joerg.mueller.luedenscheidt");
    expect(idFrom("Anna", new Set(["anna", "anna.2"]))).toBe("anna.3");
    expect(idFrom("李", new Set())).toBe("neu");
  });

  it("offers the next free extension after the last person's", () => {
    expect(nextExtension([{ extension: "140" }, { extension: "141" }], ["101", "142", "143"])).toBe("142");
    expect(nextExtension([{ extension: "999" }], ["101"])).toBe("101");
    expect(nextExtension([], [])).toBeUndefined();
  });

  it("groups numbers for reading and changes no digit", () => {
    for (const number of [
      "+498999998100",
      "+493023125222",
      "+491713920000",
      "+4915123456789",
      "+43123456789",
      "+12125550100",
    ]) {
      expect(phone(number).replaceAll(" ", "")).toBe(number);
    }
    expect(phone("+498999998100")).toBe("+49 89 99998100");
    expect(phone("+491713920000")).toBe("+49 171 3920000");
  });

  it("takes a change back to what was there, or to the default", () => {
    const base = { forwarding: { busy: { enabled: true } } };
    const patch = { forwarding: { busy: { enabled: false }, no_answer: { after_s: 30 } } };
    const back = inverse(base, patch, (path) => (path.at(-1) === "after_s" ? 20 : null));
    expect(back).toEqual({ forwarding: { busy: { enabled: true }, no_answer: { after_s: 20 } } });
    expect(merged(merged(base, patch), back)).toEqual({
      forwarding: { busy: { enabled: true }, no_answer: { after_s: 20 } },
    });
    expect(tree(["a", "b"], 1)).toEqual({ a: { b: 1 } });
  });

  it("knows the gaps of a sentence", () => {
    expect(gaps("Nach {after_s} Sekunden an {to}.")).toEqual(["after_s", "to"]);
  });

  it("leads from a setting to its page", () => {
    const setting = (section: string, id: string) => ({ section, id, path: "", pointer: "", href: "" });
    expect(placeOf(setting("users", "anna"))).toEqual({ to: "/c/$company/people/$id", id: "anna" });
    expect(placeOf(setting("calling_plans", "site:lager"))).toEqual({ to: "/c/$company/rules" });
    expect(placeOf(null)).toBeNull();
  });

  it("finds what is free between the numbers of a trunk", () => {
    const rows = numbersOf([["user", [{ id: "a", name: "A", numbers: [{ number: "+49899105" }] }]]]);
    expect(free([{ id: "t", numbers: [{ from: "+49899100", to: "+49899109" }] }], rows)).toEqual([
      { trunk: "t", from: "+49899100", to: "+49899104", count: 5, tail: 1 },
      { trunk: "t", from: "+49899106", to: "+49899109", count: 4, tail: 1 },
    ]);
  });
});
