import { readFile } from 'node:fs/promises'
import t from 'tap'
import { parse } from 'yaml'
import { openapiDocument } from '../src/http/openapi.ts'

interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly tags?: string[]
  readonly responses: Record<string, { description: string; content?: Record<string, unknown> }>
}

t.test('the committed openapi.yaml is what the code says', async (t) => {
  const committed = await readFile(new URL('../../openapi.yaml', import.meta.url), 'utf8')
  t.equal(committed, await openapiDocument(), 'run `npm run openapi` and commit the outcome')
})

t.test('every operation is named, summed up, tagged, and describes its answers', async (t) => {
  const document = parse(await openapiDocument())
  const known = new Set(document.tags.map(({ name }: { name: string }) => name))
  const operations = Object.values<Record<string, Operation>>(document.paths).flatMap((path) =>
    Object.values(path),
  )
  t.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length)
  for (const { operationId, summary, tags = [], responses } of operations) {
    t.ok(operationId && summary, `${operationId} has a summary`)
    t.ok(tags.length > 0 && tags.every((tag) => known.has(tag)), `${operationId} has tags`)
    t.ok(
      Object.keys(responses).some((status) => status.startsWith('2')),
      `${operationId} can succeed`,
    )
    for (const [status, { description, content }] of Object.entries(responses)) {
      t.not(description, 'Default Response', `${operationId} describes ${status}`)
      if (status >= '400')
        t.ok(content?.['application/problem+json'], `${operationId} ${status} is a problem`)
    }
  }
})

t.test('references are named and lead somewhere', async (t) => {
  const text = await openapiDocument()
  const { schemas } = parse(text).components
  const names = new Set([...text.matchAll(/#\/components\/schemas\/([\w-]+)/g)].map(([, name]) => name ?? ''))
  for (const name of names) t.ok(name in schemas, name)
  t.notMatch(Object.keys(schemas).join(), /unnamed|def-/)
})
