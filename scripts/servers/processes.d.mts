/** The process and all that descend from it. */
export function family(pid: number): number[]

/** Whether it runs; a zombie does not. */
export function runs(pid: number): boolean
