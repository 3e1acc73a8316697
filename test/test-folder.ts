// A folder of a test's own.
import type { Test } from 'tap'

/**
 * Taken away after all that the test tears down: tap alone would do it before, where the folder was made before the first teardown, under the feet of
 * whoever still writes there.
 */
export function testFolder(t: Test, content: Parameters<Test['testdir']>[0] = {}): string {
  t.teardown(() => undefined)
  return t.testdir(content)
}
