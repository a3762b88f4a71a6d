/** Whether two types are the same; `any` is the same as nothing else. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/**
 * Compiles only when the value has exactly the type that is asked for. Where it has not, the compiler misses an argument that shows both.
 *
 * @example
 * expectType<number>()(Number('1'));
 */
export function expectType<Expected>(): <Actual>(
  value: Actual,
  ...mismatch: Same<Expected, Actual> extends true ? [] : [{ readonly expected: Expected; readonly actual: Actual }]
) => void {
  return () => undefined;
}
