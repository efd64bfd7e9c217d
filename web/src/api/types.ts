/** The API's own types, by name. Everything that the portal reads is typed from the server's description. */

import type { components } from "./schema";

export type Api = components["schemas"];
