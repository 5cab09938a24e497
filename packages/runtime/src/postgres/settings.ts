import { PLANNER_SETTINGS } from '../wire/planner-settings.ts'

/**
 * What each connection sets. A statement that takes 10 s has lost its way, and whoever idles in a transaction for 2 s has
 * stalled and must not hold its rows any longer. Just-in-time compilation goes by costs, and to the planner a scan that is
 * switched off but cannot be avoided costs more than anything: each would be compiled, which takes longer than to run it.
 */
export function settingsOf(application: string): string {
  return `
  set application_name = '${application.replaceAll("'", "''")}';
  set statement_timeout = '10s'; set idle_in_transaction_session_timeout = '2s';
  set timezone = 'UTC'; set standard_conforming_strings = on; set jit = off;
  ${PLANNER_SETTINGS}`
}
