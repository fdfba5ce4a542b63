/**
 * An object with other members in the place of some, such as a store whose writes are counted.
 *
 * @module
 */

/**
 * `target` with `members` in the place of its own. What is called on the rest is called on `target`
 * itself: a class with private fields refuses calls on a proxy.
 */
export function withMembers<T extends object>(target: T, members: Partial<T>): T {
  return new Proxy(target, {
    get(_, name): unknown {
      if (Object.hasOwn(members, name)) return members[name as keyof T];
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
