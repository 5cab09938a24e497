import type { SagaListener, SagaSystem } from './saga-system.ts'

/** Sagas take milliseconds: without any end for so long, something is broken. */
const patienceMs = 60_000

interface Run {
  readonly sagas: number
  started: number
  ended: number
  /** Called with each number of sagas that ended together. */
  readonly refill: (count: number) => void
  readonly finish: (error?: unknown) => void
}

/** Drives a system with as many sagas in flight as wanted: each that ends makes room for the next. */
export class ClosedLoop implements SagaListener {
  #run: Run | undefined

  ended(count: number): void {
    const run = this.#run
    if (!run) return
    run.ended += count
    if (run.ended >= run.sagas) run.finish()
    else run.refill(count)
  }

  failed(error: unknown): void {
    this.#run?.finish(error)
  }

  /** Seconds that so many sagas took. */
  async throughput(system: SagaSystem, sagas: number, inFlight: number): Promise<number> {
    const began = performance.now()
    await this.#drive(
      sagas,
      (run, count) => {
        for (let free = count; free > 0 && run.started < sagas; free -= 1) {
          run.started += 1
          system.place()
        }
      },
      inFlight,
    )
    return (performance.now() - began) / 1_000
  }

  /** Milliseconds of each saga, from placing the order to the commit of its end, one after the other. */
  async latencies(system: SagaSystem, sagas: number): Promise<number[]> {
    const latencies: number[] = []
    let began = 0
    const place = () => {
      began = performance.now()
      system.place()
    }
    await this.#drive(
      sagas,
      (run) => {
        if (run.started > 0) latencies.push(performance.now() - began)
        run.started += 1
        // A client would hear of the end in a later turn of the event loop at the earliest.
        setImmediate(place)
      },
      1,
    )
    latencies.push(performance.now() - began)
    return latencies
  }

  #drive(sagas: number, refill: (run: Run, count: number) => void, inFlight: number): Promise<void> {
    return new Promise((resolve, reject) => {
      let seen = -1
      const watch = setInterval(() => {
        if (run.ended === seen)
          run.finish(new Error(`no saga has ended for ${patienceMs / 1_000} s: ${run.ended} of ${sagas} have`))
        seen = run.ended
      }, patienceMs)
      const run: Run = {
        sagas,
        started: 0,
        ended: 0,
        refill: (count) => refill(run, count),
        finish: (error) => {
          clearInterval(watch)
          this.#run = undefined
          if (error === undefined) resolve()
          else reject(error)
        },
      }
      this.#run = run
      run.refill(inFlight)
    })
  }
}
