declare module 'quadprog' {
  /** Arrays are one-based: index 0 is unused, as in the Fortran original. */
  export interface QuadprogSolution {
    readonly solution: number[];
    readonly Lagrangian: number[];
    /** Empty on success. */
    readonly message: string;
  }

  /** Minimises x'Dx/2 - d'x subject to A'x >= b, the first `meq` rows with equality. */
  export function solveQP(
    Dmat: number[][],
    dvec: number[],
    Amat: number[][],
    bvec: number[],
    meq: number,
  ): QuadprogSolution;
}
