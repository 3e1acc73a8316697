// The runbook as a page: from the Markdown of docs/runbook.md to HTML, with an anchor for each code. Pure.
import { Marked, type Tokens } from 'marked'

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escaped = (text: string) => text.replaceAll(/[&<>"']/g, (sign) => escapes[sign] ?? '')

/** A code is its own anchor, as alerts link to it; other headings have GitHub's. */
function anchorOf(heading: string): string {
  if (/^[A-Z0-9_]+$/.test(heading)) return heading
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')
}

/**
 * The whole page. Nothing of the text becomes markup of its own: HTML in it is shown as text, and links lead to a section of this page or to an
 * http(s) address; others, to documents that are not served, are their words alone.
 */
export function runbookPage(markdown: string): string {
  const marked = new Marked({ gfm: true })
  const tokens = marked.lexer(markdown)
  const headings = tokens.filter((token): token is Tokens.Heading => token.type === 'heading')
  // Written for GitHub, where all anchors are in lower case.
  const anchors = new Map(headings.map(({ text }) => [anchorOf(text).toLowerCase(), anchorOf(text)]))
  marked.use({
    renderer: {
      heading({ tokens: inline, depth, text }) {
        return `<h${depth} id="${escaped(anchorOf(text))}">${this.parser.parseInline(inline)}</h${depth}>\n`
      },
      html: ({ text }) => escaped(text),
      image: ({ text }) => escaped(text),
      link({ href, tokens: inline }) {
        const words = this.parser.parseInline(inline)
        const section = href.startsWith('#') ? anchors.get(href.slice(1).toLowerCase()) : undefined
        if (section !== undefined) return `<a href="#${escaped(section)}">${words}</a>`
        return /^https?:\/\//.test(href) ? `<a href="${escaped(href)}" rel="noreferrer">${words}</a>` : words
      },
    },
  })
  const codes = headings.filter(({ depth }) => depth === 3).map(({ text }) => anchorOf(text))
  const contents = codes.map((code) => `<a href="#${escaped(code)}">${escaped(code)}</a>`).join(' ')
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Runbook · IB Gateway Manager</title>
<link rel="icon" type="image/svg+xml" href="icon.svg">
<link rel="stylesheet" href="runbook.css">
<header><a href="./">Dashboard</a> <a href="docs">API</a></header>
<details><summary>All codes</summary><nav aria-label="All codes">${contents}</nav></details>
<main>
${marked.parser(tokens)}</main>
</html>
`
}
