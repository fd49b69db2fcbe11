// Curves as the REST API serves them, and as the page keeps them.

// One curve: `y[i]` at `x[i]`, null for a value that is not finite.
export interface Series {
  name: string;
  x: number[];
  y: (number | null)[];
  total: number;
  nonfinite: number;
  exact: boolean;
}

// A column of a table: undefined where a curve has no sample at that place.
export type Column = (number | null | undefined)[];

export type Axis = "epoch" | "step" | "time";
