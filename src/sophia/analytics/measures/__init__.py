"""Pure calculations, one subject a file: frozen values in, frozen values out."""
