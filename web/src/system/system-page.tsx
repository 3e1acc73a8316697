// System.

export function SystemPage() {
  return (
    <section class="page" aria-labelledby="page-title">
      <h1 id="page-title" class="page-title">
        System
      </h1>
    </section>
  )
}
