// A test's folder is there as long as anything of the test may write to it.
import { existsSync } from 'node:fs'
import t from 'tap'
import { testFolder } from './test-folder.ts'

t.test('what a test tears down finds its folder, and then it is taken away', async (t) => {
  let folder = ''
  let wasThere = false
  await t.test('a test', async (t) => {
    folder = testFolder(t)
    t.teardown(() => {
      wasThere = existsSync(folder)
    })
  })
  t.ok(wasThere)
  t.notOk(existsSync(folder))
})
