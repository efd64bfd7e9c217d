/** The entry: language and colours first, then the frame. */

import "@mantine/core/styles.css";
import "./app/tokens.css";
import "./app/frame.css";
import "./kit/kit.css";
import { setNonce } from "get-nonce";
import { createRoot } from "react-dom/client";
import { App } from "./app/app";
import { startLanguage } from "./app/i18n";

/** The nonce of this page view: styles that are made at run time carry it, and nothing else may. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.content ?? "";
setNonce(nonce);

await startLanguage();
const root = document.getElementById("root");
if (root) createRoot(root).render(<App nonce={nonce} />);
