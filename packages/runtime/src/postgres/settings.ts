import { PLANNER_SETTINGS } from '../wire/planner-settings.ts'

/**
 * What each connection sets. A statement that takes 10 s has lost its way, and whoever idles in a transaction for 2 s has
 * stalled and must not hold its rows any longer. Just-in-time compilation goes by costs, and to the planner a scan that is
 * switched off but cannot be avoided costs more than anything: each would be compiled, which takes longer than to run it. A
 * process that was killed would leave what it has sent to be done, and its rows locked meanwhile: a server looks for that
 * once a second, from version 14 on and where its system can tell.
 */
export function settingsOf(application: string): string {
  return `
  set application_name = '${application.replaceAll("'", "''")}';
  set statement_timeout = '10s'; set idle_in_transaction_session_timeout = '2s';
  set timezone = 'UTC'; set standard_conforming_strings = on; set jit = off;
  do $$ begin perform set_config('client_connection_check_interval', '1s', false);
  exception when undefined_object or invalid_parameter_value then null; end $$;
  ${PLANNER_SETTINGS}`
}
