import type { JSX } from "preact";

const kPaths = {
  arrow: "M12 19V5M5.5 11.5 12 5l6.5 6.5",
  stop: "M7 7h10v10H7z",
  plus: "M12 5v14M5 12h14",
  sun: "M12 4V2M12 22v-2M4 12H2M22 12h-2M6.3 6.3 4.9 4.9M19.1 19.1l-1.4-1.4M6.3 17.7l-1.4 1.4M19.1 4.9l-1.4 1.4M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  up: "M7 11v9H4v-9zM7 11l4-7c1.7 0 2.6 1.2 2.3 2.8L12.7 10H18c1.4 0 2.3 1.2 2 2.5l-1.4 5.9A2 2 0 0 1 16.7 20H7",
  down: "M7 13V4H4v9zM7 13l4 7c1.7 0 2.6-1.2 2.3-2.8L12.7 14H18c1.4 0 2.3-1.2 2-2.5l-1.4-5.9A2 2 0 0 0 16.7 4H7",
  pen: "M4 20l4.5-1L19 8.5 15.5 5 5 15.5zM13.5 7l3.5 3.5",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  save: "M12 4v11M7 10.5l5 5 5-5M5 20h14",
  close: "M6 6l12 12M18 6 6 18",
  check: "M5 12.5 10 17.5 19.5 7",
  menu: "M4 7h16M4 12h16M4 17h16",
  alert: "M12 8.5v5M12 16.8v.2M12 3.5 2.8 20h18.4z",
  spark: "M4 17l5-6 4 3.5L20 6M20 6h-4.5M20 6v4.5",
  pulse: "M3 12h4l2.5-6.5L14 18l2.5-6H21",
} as const;

export type IconName = keyof typeof kPaths;

export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={kPaths[name]} />
    </svg>
  );
}
