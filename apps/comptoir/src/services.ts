/** The services of an installation; each has a schema of its own. */
export const services = ['store', 'payments'] as const
export type ServiceName = (typeof services)[number]
