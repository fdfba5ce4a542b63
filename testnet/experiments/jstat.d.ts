/**
 * The part of jStat that is used: distributions of Student and of Snedecor.
 *
 * @module
 */

declare module 'jstat' {
  interface JStat {
    readonly studentt: { inv(probability: number, degreesOfFreedom: number): number };
    readonly centralF: {
      cdf(x: number, degreesOfFreedom1: number, degreesOfFreedom2: number): number;
    };
  }
  const jstat: { readonly jStat: JStat };
  export default jstat;
}
