// How the dashboard is built: one page, its assets named by their content so that they can be cached for good, each beside its gzipped copy.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { defineConfig, type Plugin } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  base: './',
  plugins: [gzippedCopies()],
  build: {
    outDir: '../dist/dashboard',
    emptyOutDir: true,
    target: 'es2022',
    // The content security policy admits no inline script or data: image.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
})

/** What the server sends to browsers that take it so; made once here rather than on each request. */
function gzippedCopies(): Plugin {
  return {
    name: 'gzipped-copies',
    async writeBundle({ dir = '' }, bundle) {
      const assets = Object.values(bundle).filter(({ fileName }) =>
        /^assets\/.*\.(js|css|svg)$/.test(fileName),
      )
      await Promise.all(
        assets.map((asset) => {
          const content = asset.type === 'chunk' ? asset.code : asset.source
          return writeFile(join(dir, `${asset.fileName}.gz`), gzipSync(content, { level: 9 }))
        }),
      )
    },
  }
}
