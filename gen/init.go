package gen

// Template is the text of a new configuration file: the defaults, with every member explained.
const Template = `# Configuration of iotcs-gen, the generator of typed Go code for device models.
# Paths start at the folder of this file. Every member may be left out.

# What goes where. Each output folder holds one package per device model and the file iotcs-gen.lock, which keeps the names in the code
# stable: commit it.
outputs:
  - models: [models] # files, and folders with dm-*.json
    out: generated

# Names that you choose, by URN of the device model. The warnings of rule M12 show the line to add here.
# overrides:
#   "urn:com:example:pump":
#     package: pump           # package and folder
#     type: Pump              # main type
#     names:                  # attributes, actions and formats, by wire name or URN
#       left-door: PortDoor
#       /actions/reset: Restart # where an attribute has the same name
`
