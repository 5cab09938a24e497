/** The process and all that descend from it. */
export function family(pid: number): number[]

/** Whether it runs; a zombie does not. */
export function runs(pid: number): boolean

/** Whether it stands still after a SIGSTOP. */
export function standsStill(pid: number): boolean
