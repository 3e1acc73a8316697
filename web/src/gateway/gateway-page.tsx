// One gateway: what it does, why, and what to press.

export function GatewayPage({ followerId }: { readonly followerId: string }) {
  return (
    <section class="page" aria-labelledby="page-title">
      <h1 id="page-title" class="page-title">
        <bdi>{followerId}</bdi>
      </h1>
    </section>
  )
}
