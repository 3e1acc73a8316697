// The scripts that make a shell ask `ibgm __complete` what may come next.

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

export const completionScripts: Readonly<Record<Shell, string>> = {
  bash: `# ibgm completion for bash: source <(ibgm completion bash)
_ibgm() {
  local word
  COMPREPLY=()
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(
    ibgm __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null
  )
}
complete -F _ibgm ibgm
`,
  zsh: `#compdef ibgm
# ibgm completion for zsh: source <(ibgm completion zsh)
_ibgm() {
  local -a found
  found=(\${(f)"$(ibgm __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  compadd -a found
}
compdef _ibgm ibgm
`,
  fish: `# ibgm completion for fish: ibgm completion fish | source
function __ibgm_complete
  set -l words (commandline -opc) (commandline -ct)
  ibgm __complete -- $words[2..-1] 2>/dev/null
end
complete -c ibgm -f -a '(__ibgm_complete)'
`,
}
