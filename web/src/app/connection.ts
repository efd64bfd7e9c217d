/** Whether the server can be reached: what the banner shows. Events and failed requests both tell. */

import { useSyncExternalStore } from "react";

type State = "there" | "lost";

class Connection {
  private state: State = "there";
  private readonly listeners = new Set<() => void>();

  lost(): void {
    this.become("lost");
  }
  found(): void {
    this.become("there");
  }
  readonly listen = (act: () => void): (() => void) => {
    this.listeners.add(act);
    return () => this.listeners.delete(act);
  };
  readonly now = (): State => this.state;

  private become(state: State): void {
    if (this.state === state) return;
    this.state = state;
    for (const act of this.listeners) act();
  }
}

export const connection = new Connection();
export const useConnection = (): State => useSyncExternalStore(connection.listen, connection.now);
