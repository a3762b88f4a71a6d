const ULID = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/**
 * The newer one of two ids of a lease. ULIDs begin with their time, so that of two of them the greater one is newer, in whichever order
 * they arrived; of other ids it is the one that arrived last.
 */
export function newerLease(known: string, arrived: string): string {
  return arrived < known && ULID.test(known) && ULID.test(arrived) ? known : arrived;
}
