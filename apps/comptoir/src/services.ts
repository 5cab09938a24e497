/** The services of an installation; each has a schema of its own. */
export const services = ['store', 'payments', 'orchestrator'] as const
export type ServiceName = (typeof services)[number]

/** Those whose steps the orchestrator calls. */
export const participants = ['store', 'payments'] as const satisfies readonly ServiceName[]
export type ParticipantName = (typeof participants)[number]
