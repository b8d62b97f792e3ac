# Alveo U55C. Sources: Xilinx' UG1469 and its master constraints, as used in the examples of
# github.com/alexforencich/verilog-pcie (fpga_au55.xdc). The lanes' places come with the bridge's IP.
set_property CFGBVS GND [current_design]
set_property CONFIG_VOLTAGE 1.8 [current_design]
set_property CONFIG_MODE SPIx4 [current_design]
set_property BITSTREAM.GENERAL.COMPRESS TRUE [current_design]
set_property BITSTREAM.CONFIG.CONFIGFALLBACK ENABLE [current_design]
set_property BITSTREAM.CONFIG.SPI_32BIT_ADDR YES [current_design]
set_property BITSTREAM.CONFIG.SPI_BUSWIDTH 4 [current_design]
set_property BITSTREAM.CONFIG.UNUSEDPIN PULLUP [current_design]

set_property PACKAGE_PIN AL15 [get_ports pcie_refclk_p]
set_property PACKAGE_PIN AL14 [get_ports pcie_refclk_n]
create_clock -name pcie_refclk -period 10.000 [get_ports pcie_refclk_p]
set_property -dict {PACKAGE_PIN BF41 IOSTANDARD LVCMOS18 PULLUP true} [get_ports pcie_perst_n]
set_false_path -from [get_ports pcie_perst_n]

set_property -dict {PACKAGE_PIN BK10 IOSTANDARD LVDS} [get_ports sysclk_p]
set_property -dict {PACKAGE_PIN BL10 IOSTANDARD LVDS} [get_ports sysclk_n]
create_clock -name sysclk -period 10.000 [get_ports sysclk_p]

set_property -dict {PACKAGE_PIN BE45 IOSTANDARD LVCMOS18 PULLDOWN true} [get_ports hbm_cattrip]
set_false_path -to [get_ports hbm_cattrip]
# Sampled by two registers.
set_false_path -to [get_pins {memory_ready_reg[0]/D}]
