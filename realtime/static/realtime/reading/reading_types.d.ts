// How data were read, as the browser receives it: the names and types of experiments/training/contract/reading.py,
// compared by tests/test_reading_types.py. Nothing here reaches a browser; the type checker reads it.

export type Level = "blocks" | "confirm" | "warning" | "info";
export type Layout = "class_folders" | "split_folders" | "table" | "rows" | "arrays" | "builtin";
export type Role = "id" | "target" | "patient" | "split";
export type HowFound = "named" | "exact" | "alias" | "pattern";
export type PatientSource = "column" | "folder" | "ids" | "headers";

export interface Finding {
  code: string;
  level: Level;
  text: string;
}

export interface Choice {
  options: Record<string, any>;
  consequence: string;
}

export interface Question {
  code: string;
  text: string;
  choices: Choice[];
}

export interface RoleColumn {
  role: Role;
  column: string;
  found: HowFound;
}

export interface Unused {
  kind: string;
  what: string;
  count: number;
  examples: string[];
}

export interface Usage {
  total: number;
  used: number;
  unused: Unused[];
}

export interface MergedClass {
  name: string;
  spellings: string[];
}

export interface PatientFacts {
  count: number | null;
  source: PatientSource | null;
  name: string;
  why: string;
}

export interface SubgroupColumn {
  column: string;
  rule: string;
  learned: boolean;
  groups: Record<string, number>;
}

export interface PixelFacts {
  size: number;
  size_why: string;
  channels: number;
  channels_why: string;
  stored_bits: number | null;
  lowest: number | null;
  highest: number | null;
  scale: string;
  constants: Record<string, number>;
}

export interface Reading {
  layout: Layout | null;
  why: string;
  folder: string;
  table: string | null;
  columns: RoleColumn[];
  header: string[];
  features: string[];
  feature_count: number;
  classes: string[];
  classes_from: string;
  positive: string | null;
  positive_why: string;
  merged: MergedClass[];
  files: Usage | null;
  rows: Usage | null;
  patients: PatientFacts;
  pixels: PixelFacts | null;
  subgroups: SubgroupColumn[];
  questions: Question[];
  findings: Finding[];
}
