// Lists that come in pages, whole.
import type { ApiClient, Query } from './client.ts'

const pageSize = 1000

/** Every item of a list, page after page. */
export async function everyItem<T>(client: ApiClient, path: string, query: Query = {}): Promise<T[]> {
  const items: T[] = []
  let cursor: string | undefined
  do {
    const { body } = await client.send<{ items: T[]; nextCursor?: string }>('GET', path, {
      query: { ...query, limit: pageSize, cursor },
    })
    items.push(...body.items)
    cursor = body.nextCursor
  } while (cursor !== undefined)
  return items
}
