/** Whether two types are the same; `any` is the same as nothing but `any`. */
export type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** A mismatch shows both types in the compiler's message. */
type Check<Expected, Actual> = Same<Expected, Actual> extends true ? [] : [expected: Expected, actual: Actual];

/**
 * Compiles only when the value has exactly the type that was asked for.
 *
 * @example
 * expectType<number>()(1 as number);
 */
export function expectType<Expected>(): <Actual>(value: Actual, ...same: Check<Expected, Actual>) => void {
  return () => undefined;
}
