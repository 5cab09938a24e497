/** The user `nobody`, as whom root runs what must not be root; anybody else is not root anyway. */
export const unprivileged: { readonly uid?: number; readonly gid?: number } =
  process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
