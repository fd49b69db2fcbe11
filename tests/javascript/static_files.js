// Resolves imports as a browser does: the static folders of all apps are one tree.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const STATIC = /\/(realtime|experiments)\/static\//;

export async function resolve(specifier, context, next) {
  if (!specifier.startsWith(".") || !STATIC.test(context.parentURL ?? "")) return next(specifier, context);
  const url = new URL(specifier, context.parentURL);
  if (existsSync(fileURLToPath(url))) return next(specifier, context);
  const other = url.href.replace(STATIC, (_, app) => `/${app === "realtime" ? "experiments" : "realtime"}/static/`);
  return next(other, context);
}
