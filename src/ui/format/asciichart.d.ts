declare module 'asciichart' {
  export interface PlotConfig {
    readonly min?: number;
    readonly max?: number;
    /** Steps from the lowest to the highest line: one less than the lines drawn. */
    readonly height?: number;
    readonly offset?: number;
    readonly symbols?: readonly string[];
    readonly format?: (value: number, index: number) => string;
  }
  export function plot(series: readonly number[], config?: PlotConfig): string;
}
