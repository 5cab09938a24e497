interface Resolvers<T> {
  readonly promise: Promise<T>
  readonly resolve: (value: T | PromiseLike<T>) => void
  readonly reject: (reason: unknown) => void
}

/** The client calls Promise.withResolvers, which Node has from version 22 on. */
const promises: PromiseConstructor & { withResolvers?: <T>() => Resolvers<T> } = Promise

promises.withResolvers ??= <T>(): Resolvers<T> => {
  let resolve: Resolvers<T>['resolve'] = () => {}
  let reject: Resolvers<T>['reject'] = () => {}
  const promise = new Promise<T>((accept, refuse) => {
    resolve = accept
    reject = refuse
  })
  return { promise, resolve, reject }
}
