// The dashboard as it was built: light, and nothing in it that its policy forbids.
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import t from 'tap'

const built = join(import.meta.dirname, '..', '..', 'dashboard')
const missing = existsSync(built) ? false : 'the dashboard is not built beside these tests'

t.test('everything that the page loads is under 100 KB gzipped', { skip: missing }, async (t) => {
  const names = (await readdir(join(built, 'assets'))).filter((name) => !name.endsWith('.gz'))
  const files = await Promise.all(names.map((name) => readFile(join(built, 'assets', name))))
  const bytes = files.reduce((sum, file) => sum + gzipSync(file).length, 0)
  t.ok(bytes > 10_000 && bytes < 100_000, `${bytes} bytes`)
  for (const name of names)
    t.ok(existsSync(join(built, 'assets', `${name}.gz`)), `${name} has its gzipped copy`)
})

t.test('the page has no script, style or address that the policy forbids', { skip: missing }, async (t) => {
  const page = await readFile(join(built, 'index.html'), 'utf8')
  t.notMatch(page, /<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon\w+=|https?:|data:/)
})

t.test('no schema library goes to the browser', { skip: missing }, async (t) => {
  for (const name of await readdir(join(built, 'assets'))) {
    if (name.endsWith('.js'))
      t.notMatch(await readFile(join(built, 'assets', name), 'utf8'), /~kind|typebox/i, name)
  }
})
