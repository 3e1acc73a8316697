// From a follower's vaultSecretRef to a path in Vault. Pure: a ref can name a secret below the mount, and nothing else.

/** The path as people write it, or what is wrong with it. */
export type SecretPath =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly fault: string }

/** A path relative to the mount. Dots would climb out of it, and Vault reads an empty segment in several ways. */
export function secretPath(ref: string): SecretPath {
  const segments = ref.split('/')
  if (segments.includes('')) return { ok: false, fault: 'begins or ends with a slash, or has two in a row' }
  if (segments.some((segment) => segment === '.' || segment === '..'))
    return { ok: false, fault: 'has . or .. in it' }
  if ([...ref].some((character) => character < ' ' || character === '\x7f'))
    return { ok: false, fault: 'has a control character in it' }
  return { ok: true, path: ref }
}

/** For the URL: each segment percent-encoded. */
export const encodedPath = (path: string): string => path.split('/').map(encodeURIComponent).join('/')
