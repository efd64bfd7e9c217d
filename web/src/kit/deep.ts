/** Changes of settings as merge patches: laid over, read out, and turned back. */

export type Tree = Record<string, unknown>;
const isTree = (value: unknown): value is Tree => typeof value === "object" && value !== null && !Array.isArray(value);

export function merged(base: unknown, patch: Tree): Tree {
  const found: Tree = isTree(base) ? { ...base } : {};
  for (const [name, value] of Object.entries(patch)) found[name] = isTree(value) ? merged(found[name], value) : value;
  return found;
}

export function at(tree: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inside, name) => (isTree(inside) ? inside[name] : undefined), tree);
}

export function tree(path: readonly string[], value: unknown): Tree {
  return path.reduceRight<unknown>((inside, name) => ({ [name]: inside }), value) as Tree;
}

/** The patch that takes `patch` back: for each of its leaves what was there, or its default. */
export function inverse(base: unknown, patch: Tree, fallback: (path: string[]) => unknown, path: string[] = []): Tree {
  return Object.fromEntries(
    Object.entries(patch).map(([name, value]) => {
      const here = [...path, name];
      const was = isTree(base) ? base[name] : undefined;
      if (isTree(value)) return [name, inverse(was, value, fallback, here)];
      return [name, was === undefined ? fallback(here) : was];
    }),
  );
}
