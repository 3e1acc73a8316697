// Sealing one login: AES-256-GCM, the follower's id bound in, the key named so that a wrong one is told from a damaged value. Pure but for the nonce.
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'

const algorithm = 'aes-256-gcm'
const nonceBytes = 12
const tagBytes = 16

/** A 256-bit key and its public name. */
export interface SealingKey {
  readonly id: string
  readonly bytes: Buffer
}

/** `bytes` must be 32. The id is a digest that tells nothing of the key. */
export function sealingKey(bytes: Buffer): SealingKey {
  const id = createHmac('sha256', bytes).update('ibgm credentials key').digest('hex').slice(0, 8)
  return { id, bytes }
}

/** `v1.<key id>.<base64url of nonce, ciphertext and tag>`. Zeroes `plain`. */
export function seal(plain: Buffer, followerId: string, key: SealingKey): string {
  const nonce = randomBytes(nonceBytes)
  const cipher = createCipheriv(algorithm, key.bytes, nonce).setAAD(Buffer.from(followerId))
  const sealed = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
  plain.fill(0)
  return `v1.${key.id}.${sealed.toString('base64url')}`
}

export type Unsealed =
  | { readonly outcome: 'ok' /** Zero it after use. */; readonly plain: Buffer }
  | { readonly outcome: 'other-key'; readonly keyId: string }
  | { readonly outcome: 'damaged' }

/** `damaged` also when the value was sealed for another follower. */
export function unseal(sealed: string, followerId: string, key: SealingKey): Unsealed {
  const [version, keyId = '', body = ''] = sealed.split('.')
  const bytes = Buffer.from(body, 'base64url')
  if (version !== 'v1' || bytes.length < nonceBytes + tagBytes) return { outcome: 'damaged' }
  if (keyId !== key.id) return { outcome: 'other-key', keyId }
  const decipher = createDecipheriv(algorithm, key.bytes, bytes.subarray(0, nonceBytes), {
    authTagLength: tagBytes,
  })
    .setAAD(Buffer.from(followerId))
    .setAuthTag(bytes.subarray(-tagBytes))
  const plain = decipher.update(bytes.subarray(nonceBytes, -tagBytes))
  try {
    decipher.final()
    return { outcome: 'ok', plain }
  } catch {
    plain.fill(0)
    return { outcome: 'damaged' }
  }
}
