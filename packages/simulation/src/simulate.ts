import type { SimulationOptions } from './options.ts'
import { Simulation } from './simulation.ts'
import { SimulationError } from './trace.ts'

/**
 * Opens a simulation for one test and closes it afterwards.
 *
 * @returns what the test returns
 * @throws SimulationError when the test throws: with the seed that repeats it, the steps that led there, and the test's own error as
 *   its cause
 */
export async function simulate<T>(options: SimulationOptions, test: (simulation: Simulation) => Promise<T>): Promise<T> {
  const simulation = await Simulation.open(options)
  try {
    return await test(simulation)
  } catch (error) {
    if (error instanceof SimulationError) throw error
    throw simulation.failure(error instanceof Error ? error.message : String(error), error)
  } finally {
    await simulation.close()
  }
}
