/** Keys: a letter goes somewhere only after `g`, also in the first moment after the page has come. */

import { cleanup, fireEvent, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { useKeys } from "~/app/keys";

const navigate = vi.fn();
vi.mock("@tanstack/react-router", () => ({ useNavigate: () => navigate }));
const show = vi.fn();

beforeEach(() => {
  navigate.mockReset();
  show.mockReset();
  renderHook(() => useKeys("m", show));
});
afterEach(cleanup);

const press = (key: string, more: object = {}) => fireEvent.keyDown(document.body, { key, ...more });

it("a letter alone goes nowhere", () => {
  press("p");
  press("l");
  expect(navigate).not.toHaveBeenCalled();
});

it("g and p go to people, once", () => {
  press("g");
  press("p");
  press("p");
  expect(navigate).toHaveBeenCalledTimes(1);
  expect(navigate).toHaveBeenCalledWith({ to: "/c/$company/people", params: { company: "m" } });
});

it("/ shows commands where no list is, Ctrl K everywhere, ? the keys", () => {
  press("/");
  press("k", { ctrlKey: true });
  press("?");
  expect(show.mock.calls.map(([layer]) => layer)).toEqual(["commands", "commands", "keys"]);
});

it("whoever types goes nowhere", () => {
  const field = document.body.appendChild(document.createElement("input"));
  for (const key of ["g", "p", "?", "/"]) fireEvent.keyDown(field, { key });
  field.remove();
  expect(navigate).not.toHaveBeenCalled();
  expect(show).not.toHaveBeenCalled();
});

it("Esc closes the detail beside a list and keeps its filters", () => {
  history.replaceState({}, "", "/c/m/people/anna?q=an");
  press("Escape");
  expect(navigate).toHaveBeenCalledWith({ href: "/c/m/people?q=an" });
  history.replaceState({}, "", "/c/m/people");
});
