/** Mantine told to look like tokens.css: one accent, neutral greys, three text sizes. */

import { createTheme, type MantineColorsTuple } from "@mantine/core";

const accent: MantineColorsTuple = [
  "#e3f0f1",
  "#cbe4e6",
  "#a3d0d4",
  "#78bac0",
  "#4fa3ab",
  "#2c8b94",
  "#177a83",
  "#0b6a72",
  "#08565d",
  "#054449",
];

const neutral: MantineColorsTuple = [
  "#ececec",
  "#d2d2d4",
  "#b0b0b3",
  "#85858b",
  "#5c5c61",
  "#38383b",
  "#29292b",
  "#1f1f21",
  "#161617",
  "#0f0f10",
];

export const theme = createTheme({
  primaryColor: "accent",
  primaryShade: { light: 7, dark: 6 },
  colors: { accent, dark: neutral },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", Ubuntu, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Mono", "Noto Sans Mono", monospace',
  fontSizes: { xs: "0.75rem", sm: "0.875rem", md: "0.875rem", lg: "1.125rem", xl: "1.125rem" },
  spacing: { xs: "4px", sm: "8px", md: "12px", lg: "16px", xl: "24px" },
  defaultRadius: 6,
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: "xs" }, styles: { root: { fontWeight: 500 } } },
    TextInput: { defaultProps: { size: "xs" } },
    Textarea: { defaultProps: { size: "xs" } },
    PasswordInput: { defaultProps: { size: "xs" } },
    NumberInput: { defaultProps: { size: "xs" } },
    NativeSelect: { defaultProps: { size: "xs" } },
    Modal: { defaultProps: { transitionProps: { duration: 100 }, centered: true, radius: 8 } },
    Tooltip: { defaultProps: { openDelay: 300, withArrow: false, transitionProps: { duration: 80 } } },
    Menu: { defaultProps: { transitionProps: { duration: 80 }, shadow: "md" } },
  },
});
